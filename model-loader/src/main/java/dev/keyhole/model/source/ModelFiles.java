package dev.keyhole.model.source;

import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;

/** The files of one model, wherever they lie. */
public interface ModelFiles {

    /** What a person calls these files, in an error. */
    String description();

    /** The name of the file with the weights; empty when there is none that we know. */
    Optional<String> weights();

    boolean has(String file);

    /** How many bytes a file has. */
    long size(String file) throws IOException;

    InputStream open(String file) throws IOException;

    /** Where a file lies; empty when it is not a file of its own. */
    Optional<Path> path(String file);

    /**
     * The files of a source.
     *
     * @throws ModelLoadException names what was looked for and is not there
     */
    static ModelFiles of(ModelSource source) {
        if (source instanceof ModelSource.Embedded embedded) {
            return EmbeddedFiles.of(embedded.name());
        }
        if (source instanceof ModelSource.Directory directory) {
            return FolderFiles.ofDirectory(directory.path());
        }
        if (source instanceof ModelSource.File file) {
            return FolderFiles.ofFile(file.path());
        }
        if (source instanceof ModelSource.Named named) {
            return EmbeddedFiles.of(named.name());
        }
        throw new ModelLoadException(
                "this version does not fetch models; download "
                        + source.name()
                        + " and name its folder instead");
    }
}

package dev.keyhole.model.source;

import dev.keyhole.model.ModelLoadException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A model among the resources of the program. */
final class EmbeddedFiles implements ModelFiles {

    private static final String FOLDER = "/dev/keyhole/model/embedded/";
    private static final String WEIGHTS = "model.onnx";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private final String name;

    private EmbeddedFiles(String name) {
        this.name = name;
    }

    static ModelFiles of(String name) {
        EmbeddedFiles files = new EmbeddedFiles(name);
        if (!NAME.matcher(name).matches() || !files.has(WEIGHTS)) {
            throw new ModelLoadException(
                    "no model is called \""
                            + name
                            + "\"; looked for "
                            + WEIGHTS
                            + " among the embedded models, of which there is tiny-chat;"
                            + " a path names a folder or an .onnx file");
        }
        return files;
    }

    @Override
    public String description() {
        return "the embedded model " + name;
    }

    @Override
    public Optional<String> weights() {
        return Optional.of(WEIGHTS);
    }

    @Override
    public boolean has(String file) {
        return resource(file) != null;
    }

    @Override
    public long size(String file) throws IOException {
        URL resource = resource(file);
        if (resource == null) {
            throw new FileNotFoundException(file);
        }
        return resource.openConnection().getContentLengthLong();
    }

    @Override
    public InputStream open(String file) throws IOException {
        URL resource = resource(file);
        if (resource == null) {
            throw new FileNotFoundException(file);
        }
        return resource.openStream();
    }

    @Override
    public Optional<Path> path(String file) {
        return Optional.empty();
    }

    private @Nullable URL resource(String file) {
        return EmbeddedFiles.class.getResource(FOLDER + name + "/" + file);
    }
}

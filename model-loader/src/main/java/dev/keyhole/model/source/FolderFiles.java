package dev.keyhole.model.source;

import dev.keyhole.model.ModelLoadException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model in a folder. Exports often keep the weights in a folder {@code onnx} beside the other
 * files; both ways are understood.
 */
final class FolderFiles implements ModelFiles {

    private static final String SUBFOLDER = "onnx";

    /** What exports call the weights, the best first. */
    private static final List<String> WEIGHTS =
            List.of(
                    "model.onnx",
                    "decoder_model_merged.onnx",
                    "model_fp16.onnx",
                    "model_quantized.onnx",
                    "model_int8.onnx",
                    "model_q4.onnx");

    private final Path named;
    private final List<Path> folders;
    private final @Nullable Path weights;

    private FolderFiles(Path named, List<Path> folders, @Nullable Path weights) {
        this.named = named;
        this.folders = folders;
        this.weights = weights;
    }

    static ModelFiles ofDirectory(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new ModelLoadException("there is no folder " + directory);
        }
        List<Path> folders = List.of(directory, directory.resolve(SUBFOLDER));
        for (String name : WEIGHTS) {
            for (Path folder : folders) {
                if (Files.isRegularFile(folder.resolve(name))) {
                    return new FolderFiles(directory, folders, folder.resolve(name));
                }
            }
        }
        return new FolderFiles(directory, folders, null);
    }

    static ModelFiles ofFile(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new ModelLoadException("there is no file " + file);
        }
        Path folder = file.toAbsolutePath().normalize().getParent();
        Path above = folder == null ? null : folder.getParent();
        if (folder == null) {
            throw new ModelLoadException(file + " is not in a folder");
        }
        boolean inSubfolder = above != null && folder.endsWith(SUBFOLDER);
        List<Path> folders =
                above != null && inSubfolder ? List.of(folder, above) : List.of(folder);
        return new FolderFiles(file, folders, file);
    }

    @Override
    public String description() {
        return named.toString();
    }

    @Override
    public Optional<String> weights() {
        return Optional.ofNullable(weights).map(Path::getFileName).map(Path::toString);
    }

    @Override
    public boolean has(String file) {
        return path(file).isPresent();
    }

    @Override
    public long size(String file) throws IOException {
        return Files.size(required(file));
    }

    @Override
    public InputStream open(String file) throws IOException {
        return Files.newInputStream(required(file));
    }

    @Override
    public Optional<Path> path(String file) {
        if (weights != null && weights.endsWith(file)) {
            return Optional.of(weights);
        }
        return folders.stream()
                .map(folder -> folder.resolve(file))
                .filter(Files::isRegularFile)
                .findFirst();
    }

    private Path required(String file) throws IOException {
        return path(file).orElseThrow(() -> new FileNotFoundException(named + " has no " + file));
    }
}

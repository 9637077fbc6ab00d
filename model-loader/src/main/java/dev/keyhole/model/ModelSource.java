package dev.keyhole.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Locale;

/** Where a model comes from. */
public sealed interface ModelSource {

    /** What a person calls this source; also the model's id when no other is given. */
    String name();

    /** A model inside the program, such as {@code tiny-chat}. */
    static ModelSource embedded(String name) {
        return new Embedded(name);
    }

    /** A folder with the model's files. */
    static ModelSource directory(Path path) {
        return new Directory(path);
    }

    /** The model's main file; what belongs to it lies beside it. */
    static ModelSource file(Path path) {
        return new File(path);
    }

    /** A name that a provider knows, or that a hub knows. */
    static ModelSource named(String name) {
        return new Named(name);
    }

    /** A file to be fetched. */
    static ModelSource url(String url) {
        return new Url(url);
    }

    /**
     * Reads a source as it is typed: {@code embedded} or {@code embedded:NAME}, an address with
     * {@code http://} or {@code https://}, an existing path or text that can only be a path, else a
     * name.
     */
    static ModelSource parse(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("a model source cannot be empty");
        }
        if (text.equals("embedded")) {
            return embedded(Embedded.DEFAULT);
        }
        if (text.startsWith("embedded:")) {
            return embedded(text.substring("embedded:".length()));
        }
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.startsWith("http://") || lower.startsWith("https://")) {
            return url(text);
        }
        Path path = Paths.get(text);
        if (Files.isDirectory(path)) {
            return directory(path);
        }
        boolean looksLikeAFile = lower.endsWith(".onnx") || Files.isRegularFile(path);
        if (looksLikeAFile) {
            return file(path);
        }
        boolean looksLikeAPath = path.isAbsolute() || text.startsWith(".") || text.startsWith("~");
        return looksLikeAPath ? directory(path) : named(text);
    }

    /** A model inside the program; see {@link #embedded}. */
    record Embedded(String name) implements ModelSource {

        /** The model that comes with the program. */
        public static final String DEFAULT = "tiny-chat";
    }

    /** A folder; see {@link #directory}. */
    record Directory(Path path) implements ModelSource {
        @Override
        public String name() {
            return lastOf(path);
        }
    }

    /** A main file; see {@link #file}. */
    record File(Path path) implements ModelSource {
        @Override
        public String name() {
            String file = lastOf(path);
            int dot = file.lastIndexOf('.');
            return dot > 0 ? file.substring(0, dot) : file;
        }
    }

    /** A name; see {@link #named}. */
    record Named(String name) implements ModelSource {}

    /** An address; see {@link #url}. */
    record Url(String url) implements ModelSource {
        @Override
        public String name() {
            return url.substring(url.lastIndexOf('/') + 1);
        }
    }

    private static String lastOf(Path path) {
        Path last = path.toAbsolutePath().normalize().getFileName();
        return last == null ? path.toString() : last.toString();
    }
}

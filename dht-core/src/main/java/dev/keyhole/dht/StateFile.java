package dev.keyhole.dht;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import dev.keyhole.transport.wire.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** A file in which a node keeps what it knows. Whatever is wrong with it, the node goes on. */
final class StateFile {

    /** No state is longer than that; a longer file is somebody else's. */
    static final int MAX_BYTES = 1 << 18;

    private static final Logger LOG = Logger.getLogger(StateFile.class.getName());

    private final Path file;
    private @Nullable Bytes last;

    StateFile(Path file) {
        this.file = file.toAbsolutePath();
    }

    /** What it holds, or null if that is nothing, too much, or cannot be read. */
    @Nullable Bytes read() {
        if (!Files.exists(file)) {
            return null;
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(MAX_BYTES + 1);
            if (content.length > MAX_BYTES) {
                ignored("it is longer than " + MAX_BYTES + " bytes");
                return null;
            }
            return Bytes.wrap(content);
        } catch (IOException e) {
            ignored(e.toString());
            return null;
        }
    }

    /** Says that what was read is of no use. */
    void ignored(String why) {
        LOG.log(
                Level.WARNING,
                "the state file {0} is ignored, and will be replaced: {1}",
                new Object[] {file, why});
    }

    /** Replaces what it holds, all at once. */
    synchronized void write(Bytes content) {
        if (content.equals(last)) {
            return;
        }
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try {
            Path parent = file.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.write(fresh, content.toArray());
            replaceWith(fresh);
            last = content;
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "the state file {0} cannot be written: {1}",
                    new Object[] {file, e});
        }
    }

    private void replaceWith(Path fresh) throws IOException {
        try {
            Files.move(fresh, file, ATOMIC_MOVE, REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(fresh, file, REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}

package dev.keyhole.cli;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who this process is, and where that was found.
 *
 * @param keyPair the identity
 * @param source what to tell a person about where it came from
 * @param lasting whether it will be the same the next time
 */
record Identity(KeyPair keyPair, String source, boolean lasting) {

    static final String KEYHOLE_VARIABLE = "KEYHOLE_SEED";
    static final String QVAC_VARIABLE = "QVAC_HYPERSWARM_SEED";

    /**
     * Looks for an identity: a file, which is created when it is missing, then the environment,
     * then chance.
     */
    static Identity find(@Nullable Path file, Map<String, String> environment) {
        if (file != null) {
            return new Identity(
                    KeyPair.fromSeed(readOrCreate(file)), "identity file " + file, true);
        }
        for (String variable : new String[] {KEYHOLE_VARIABLE, QVAC_VARIABLE}) {
            String value = environment.get(variable);
            if (value != null && !value.isBlank()) {
                return new Identity(fromVariable(variable, value), "$" + variable, true);
            }
        }
        KeyPair random = KeyPair.random(new SecureRandom());
        return new Identity(random, "random, for this run only", false);
    }

    /**
     * Makes a new identity file.
     *
     * @throws UsageException if there is one already
     */
    static Identity create(Path file) {
        Seed seed = Seed.random(new SecureRandom());
        try {
            write(file, seed);
        } catch (FileAlreadyExistsException e) {
            throw new UsageException("identity file " + file + " exists and is left as it is");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write identity file " + file, e);
        }
        return new Identity(KeyPair.fromSeed(seed), "identity file " + file, true);
    }

    private static KeyPair fromVariable(String variable, String value) {
        try {
            return KeyPair.fromSeed(Seed.ofHex(value.strip()));
        } catch (IllegalArgumentException e) {
            throw new UsageException("$" + variable + " is not a seed: " + e.getMessage());
        }
    }

    private static Seed readOrCreate(Path file) {
        try {
            return read(file);
        } catch (NoSuchFileException missing) {
            return create(file).keyPair().seed();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read identity file " + file, e);
        }
    }

    private static Seed read(Path file) throws IOException {
        String text = Files.readString(file).strip();
        refuseOpenPermissions(file);
        try {
            return Seed.ofHex(text);
        } catch (IllegalArgumentException e) {
            throw new UsageException("identity file " + file + " is wrong: " + e.getMessage());
        }
    }

    private static void refuseOpenPermissions(Path file) throws IOException {
        if (!posix(file)) {
            return;
        }
        Set<PosixFilePermission> others =
                EnumSet.of(
                        PosixFilePermission.GROUP_READ,
                        PosixFilePermission.GROUP_WRITE,
                        PosixFilePermission.OTHERS_READ,
                        PosixFilePermission.OTHERS_WRITE);
        others.retainAll(Files.getPosixFilePermissions(file));
        if (!others.isEmpty()) {
            throw new UsageException(
                    "identity file " + file + " can be used by others: chmod 600 " + file);
        }
    }

    private static void write(Path file, Seed seed) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        Set<StandardOpenOption> fresh =
                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        FileAttribute<?>[] ownerOnly =
                posix(file)
                        ? new FileAttribute<?>[] {
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------"))
                        }
                        : new FileAttribute<?>[0];
        try (var channel = Files.newByteChannel(file, fresh, ownerOnly)) {
            channel.write(
                    java.nio.ByteBuffer.wrap(
                            (seed.secret().toHex() + "\n")
                                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        }
    }

    private static boolean posix(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}

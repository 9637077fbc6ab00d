package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.dht.Firewall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at a configuration file again and again, and applies what it says of the firewall. A file
 * that cannot be read or is wrong changes nothing.
 */
public final class ConfigFileWatch implements AutoCloseable {

    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(ConfigFileWatch.class);

    private final Path file;
    private final Consumer<Firewall> apply;
    private final ScheduledExecutorService thread;

    private String text;

    ConfigFileWatch(Path file, Consumer<Firewall> apply) {
        this.file = file;
        this.apply = apply;
        this.text = read();
        this.thread =
                Executors.newSingleThreadScheduledExecutor(
                        task -> {
                            Thread watcher = new Thread(task, "keyhole-config");
                            watcher.setDaemon(true);
                            return watcher;
                        });
    }

    /** Follows a file that has been read, for a provider that has been started. */
    public static ConfigFileWatch start(Path file, Provider provider) {
        ConfigFileWatch watch = new ConfigFileWatch(file, provider::firewall);
        long millis = INTERVAL.toMillis();
        var unused =
                watch.thread.scheduleWithFixedDelay(watch::check, millis, millis, MILLISECONDS);
        return watch;
    }

    /** Looks once; says whether the firewall was set. */
    boolean check() {
        String now = read();
        if (now.equals(text) || now.isEmpty()) {
            return false;
        }
        text = now;
        try {
            apply.accept(ProviderConfigFile.parse(file).firewall());
            return true;
        } catch (IllegalArgumentException e) {
            log.warn("the firewall stays as it was: {}", e.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    /** Empty while somebody writes the file, or when it is gone. */
    private String read() {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}

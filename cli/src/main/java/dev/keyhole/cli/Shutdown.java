package dev.keyhole.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;

/**
 * What has to be closed when the process ends, however it ends.
 *
 * <p>Closing runs once, last opened first: at the end of the command, or when the user interrupts
 * it.
 */
final class Shutdown implements AutoCloseable {

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final Thread hook = new Thread(this::interrupted, "keyhole-shutdown");
    private boolean closed;

    Shutdown() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    synchronized <T extends AutoCloseable> T closes(T resource) {
        open.push(resource);
        return resource;
    }

    /** Waits until somebody asks for the end. */
    void await() throws InterruptedException {
        asked.await();
    }

    /** Ends {@link #await}. */
    void ask() {
        asked.countDown();
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The hook is running already, and closes what there is.
        }
        closeAll();
    }

    private void interrupted() {
        ask();
        closeAll();
    }

    private synchronized void closeAll() {
        if (closed) {
            return;
        }
        closed = true;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                System.err.println("keyhole: while closing: " + Failures.text(e));
            }
        }
    }
}

package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Tag;

/**
 * What the size of a network costs: the same life in networks from a hundred to ten thousand nodes,
 * as a table and as a figure.
 *
 * <p>{@code -Dscale.sizes=100,1000} says which sizes, {@code -Dscale.figures=docs/figures} where the
 * figure goes, {@code -Dscale.threads=5} how many networks live at a time; memory is measured only
 * if it is one.
 */
@Tag("soak")
class GrowthSim {

    private static final String COMMAND = "mvn test -Psoak -pl dht-core -am -Dtest=GrowthSim";
    private static final String SIZES =
            System.getProperty("scale.sizes", "100,300,1000,3000,10000");
    private static final int THREADS = Integer.getInteger("scale.threads", 1);
    private static final Path FIGURES =
            Path.of(System.getProperty("scale.figures", "target/figures"));

    /** What was found at one size; heap is not a number when it was not measured. */
    private record Point(int nodes, double perNodeMinute, double heap, Figures figures) {

        private double of(ToDoubleFunction<Census> part) {
            return part.applyAsDouble(figures.census());
        }
    }

    @Seeds(1)
    void whatALookupCostsGrowsWithTheLogarithmOfTheNetwork(long seed) throws Exception {
        List<Point> points = measure(seed);

        System.out.println(table(points));
        draw(points);
        Fit hops = Fit.of(points, point -> point.of(c -> c.hops.mean()));
        Fit messages = Fit.of(points, point -> point.of(c -> c.messages.mean()));
        for (Point point : points) {
            String complaint = point.figures.complaint(COMMAND);
            double foundHops = point.of(c -> c.hops.mean());
            double sent = point.of(c -> c.messages.mean());
            assertThat(point.figures.foundShare()).as(complaint).isGreaterThanOrEqualTo(0.999);
            assertThat(foundHops).as(complaint).isLessThan(1.2 * hops.at(point.nodes));
            assertThat(sent).as(complaint).isLessThan(1.2 * messages.at(point.nodes));
        }
        assertThat(hops.perDoubling).isLessThan(1);
        assertThat(messages.perDoubling).isLessThan(10);
    }

    private static List<Point> measure(long seed) throws InterruptedException, ExecutionException {
        ExecutorService workers = Executors.newFixedThreadPool(THREADS);
        try {
            List<Callable<Point>> lives = new ArrayList<>();
            for (String size : SIZES.split(",")) {
                lives.add(() -> live(seed, Integer.parseInt(size.strip())));
            }
            List<Point> points = new ArrayList<>();
            for (Future<Point> point : workers.invokeAll(lives)) {
                points.add(point.get());
            }
            return points;
        } finally {
            workers.shutdownNow();
        }
    }

    private static Point live(long seed, int nodes) {
        double before = THREADS == 1 ? Life.heap() : Double.NaN;
        Life life = new Life(seed, Conditions.of(nodes)).founded();
        double perNodeMinute = life.pass(MINUTES.toNanos(6));
        double heap = THREADS == 1 ? (Life.heap() - before) / nodes : Double.NaN;
        Figures figures = life.observe("growth", SECONDS.toNanos(120), 10);
        System.out.println(figures);
        return new Point(nodes, perNodeMinute, heap, figures);
    }

    private static String table(List<Point> points) {
        StringBuilder table =
                new StringBuilder(
                        "| nodes | found | hops | messages per lookup | found after | datagrams"
                                + " per node and minute | findable after start | after a moved"
                                + " mapping | heap per node |\n|---|---|---|---|---|---|---|---|---|\n");
        for (Point point : points) {
            Census census = point.figures.census();
            table.append(
                    String.format(
                            Locale.ROOT,
                            "| %,d | %.2f %% of %,d | %.2f | %.1f | %.2f s | %.0f | %.1f s (max"
                                    + " %.1f) | %.1f s (max %.1f) | %.0f KB |%n",
                            point.nodes,
                            100 * census.foundShare(),
                            census.lookups,
                            census.hops.mean(),
                            census.messages.mean(),
                            census.secondsToFind.percentile(50),
                            point.perNodeMinute,
                            census.secondsAfterStart.percentile(50),
                            census.secondsAfterStart.max(),
                            census.secondsAfterMove.percentile(50),
                            census.secondsAfterMove.max(),
                            point.heap / 1024));
        }
        return table.toString();
    }

    private static void draw(List<Point> points) throws IOException {
        double[] sizes = points.stream().mapToDouble(Point::nodes).toArray();
        Chart chart = new Chart("What the size of a network costs", "nodes in the network", sizes);
        chart.panel("hops until found", values(points, p -> p.of(c -> c.hops.mean())))
                .with("99th percentile", values(points, p -> p.of(c -> c.hops.percentile(99))))
                .with(
                        "a + b · log n",
                        fitted(points, Fit.of(points, p -> p.of(c -> c.hops.mean()))));
        chart.panel("messages per lookup", values(points, p -> p.of(c -> c.messages.mean())))
                .with("99th percentile", values(points, p -> p.of(c -> c.messages.percentile(99))))
                .with(
                        "a + b · log n",
                        fitted(points, Fit.of(points, p -> p.of(c -> c.messages.mean()))));
        chart.panel("datagrams per node and minute", values(points, Point::perNodeMinute));
        if (THREADS == 1) {
            chart.panel("heap per node, KB", values(points, p -> p.heap / 1024));
        }
        Files.createDirectories(FIGURES);
        Path file = FIGURES.resolve("scale.svg");
        Files.writeString(file, chart.toSvg());
        System.out.println("the figure is in " + file.toAbsolutePath());
    }

    private static double[] values(List<Point> points, ToDoubleFunction<Point> value) {
        return points.stream().mapToDouble(value).toArray();
    }

    private static double[] fitted(List<Point> points, Fit fit) {
        return points.stream().mapToDouble(point -> fit.at(point.nodes)).toArray();
    }

    /** The straight line over the logarithm of the size that is nearest to what was found. */
    private record Fit(double atOne, double perDoubling) {

        private static Fit of(List<Point> points, ToDoubleFunction<Point> value) {
            double[] x = points.stream().mapToDouble(p -> log2(p.nodes)).toArray();
            double[] y = values(points, value);
            double meanX = Arrays.stream(x).average().orElseThrow();
            double meanY = Arrays.stream(y).average().orElseThrow();
            double products = 0;
            double squares = 0;
            for (int i = 0; i < x.length; i++) {
                products += (x[i] - meanX) * (y[i] - meanY);
                squares += (x[i] - meanX) * (x[i] - meanX);
            }
            double slope = squares == 0 ? 0 : products / squares;
            return new Fit(meanY - slope * meanX, slope);
        }

        private double at(double nodes) {
            return atOne + perDoubling * log2(nodes);
        }

        private static double log2(double value) {
            return Math.log(value) / Math.log(2);
        }
    }
}

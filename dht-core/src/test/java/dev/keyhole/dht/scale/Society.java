package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.node.NodeConfig;
import dev.keyhole.dht.node.NodeConfig.Persistence;
import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** All the nodes of a world: who is born, who serves, and who vanishes. */
final class Society {

    private static final int FOUNDERS = 3;
    private static final int BORN_PER_SECOND = 50;
    private static final long CENSUS_NANOS = SECONDS.toNanos(1);

    private final World world;
    private final Random random;
    private final Conditions conditions;
    private final List<Inhabitant> founders = new ArrayList<>();
    private final List<Inhabitant> nodes = new ArrayList<>();
    private final List<Service> services = new ArrayList<>();
    private final Gang gang;
    private List<Address> bootstrap = List.of();
    private final List<Inhabitant> serving = new ArrayList<>();
    private double hostile;
    private double due;
    private int born;
    private int vanished;
    private boolean changing;
    private boolean counting;

    Society(World world, Conditions conditions) {
        this.world = world;
        this.random = world.random();
        this.conditions = conditions;
        this.hostile = conditions.hostile();
        this.gang = new Gang(world);
    }

    World world() {
        return world;
    }

    /** All services that last. */
    List<Service> services() {
        return services;
    }

    int size() {
        return nodes.size() + founders.size();
    }

    int born() {
        return born;
    }

    int vanished() {
        return vanished;
    }

    List<Inhabitant> nodes() {
        return nodes;
    }

    /** Lets the whole network come into being, all within some minutes. */
    void found() {
        for (int i = 0; i < FOUNDERS; i++) {
            int host = world.freeHost();
            Address own = new Address(host, Inhabitant.SERVER_PORT);
            NodeConfig alone = NodeConfig.bootstrapper(own);
            NodeConfig config =
                    new NodeConfig(
                            bootstrap,
                            alone.persistence(),
                            alone.firewalled(),
                            alone.quickFirewall(),
                            own,
                            alone.storeLimits(),
                            null,
                            false);
            Inhabitant founder = new Inhabitant(world, host, null, config);
            founders.add(founder);
            founder.start();
            List<Address> known = new ArrayList<>(bootstrap);
            known.add(own);
            bootstrap = List.copyOf(known);
            world.run(SECONDS.toNanos(10));
        }
        for (int i = 0; i < conditions.nodes() - FOUNDERS; i++) {
            boolean honest = i < conditions.servers();
            long share = SECONDS.toNanos(conditions.nodes()) / BORN_PER_SECOND;
            world.after(
                    (long) (share * random.nextDouble()),
                    () -> {
                        if (honest) {
                            serving.add(bearHonest());
                        } else {
                            bear();
                        }
                    });
        }
        world.run(SECONDS.toNanos(conditions.nodes() / BORN_PER_SECOND + 20));
        serving.forEach(this::serve);
        world.run(SECONDS.toNanos(10));
    }

    /** Begins to replace nodes by others, as many as the conditions say. */
    void live() {
        changing = true;
        if (!counting) {
            counting = true;
            world.after(CENSUS_NANOS, this::census);
        }
    }

    /** Has everybody stay from now on. */
    void settle() {
        changing = false;
    }

    private void census() {
        counting = changing;
        if (!counting) {
            return;
        }
        due += conditions.nodes() * conditions.churnPerHour() * CENSUS_NANOS / 3.6e12;
        while (due >= 1) {
            due--;
            replaceOne();
        }
        world.after(CENSUS_NANOS, this::census);
    }

    private void replaceOne() {
        Inhabitant leaving = any(node -> !serves(node));
        if (leaving != null) {
            vanish(leaving);
            bear();
        }
    }

    void vanish(Inhabitant leaving) {
        nodes.remove(leaving);
        leaving.vanish();
        vanished++;
    }

    private boolean serves(Inhabitant node) {
        return services.stream().anyMatch(service -> service.node() == node);
    }

    /** One of the nodes that are as wanted, null if chance does not find one. */
    @Nullable Inhabitant any(Predicate<Inhabitant> wanted) {
        for (int i = 0; i < 1000 && !nodes.isEmpty(); i++) {
            Inhabitant drawn = nodes.get(random.nextInt(nodes.size()));
            if (wanted.test(drawn)) {
                return drawn;
            }
        }
        return null;
    }

    Service anyService() {
        return services.get(random.nextInt(services.size()));
    }

    Service serve(Inhabitant node) {
        Service service = new Service(world, node);
        services.add(service);
        service.open();
        return service;
    }

    /** Another node, hostile with the chance that the conditions give, begins its life. */
    Inhabitant bear() {
        Inhabitant node = bearHonest();
        if (node.nat() == null && random.nextDouble() < hostile) {
            corrupt(node);
        }
        return node;
    }

    /** Another honest node, behind a NAT or not, begins its life. */
    Inhabitant bearHonest() {
        boolean hidden = random.nextDouble() < conditions.behindNats();
        return bear(hidden ? anyNat() : null, hidden ? adaptive() : open());
    }

    /** Another honest node begins its life behind a NAT of a kind. */
    Inhabitant bearBehind(Nat.Kind kind) {
        return bear(new Nat(kind, new Random(random.nextLong())), adaptive());
    }

    private Inhabitant bear(@Nullable Nat nat, NodeConfig config) {
        Inhabitant node = new Inhabitant(world, world.freeHost(), nat, config);
        nodes.add(node);
        born++;
        node.start();
        return node;
    }

    /** Has a share of the storing nodes turn against the others, and as many newcomers. */
    void corrupt(double share) {
        hostile = share;
        for (Inhabitant node : nodes) {
            if (!node.dht().rpc().isEphemeral() && !serves(node) && random.nextDouble() < share) {
                corrupt(node);
            }
        }
    }

    private void corrupt(Inhabitant node) {
        Crook.Kind[] kinds = Crook.Kind.values();
        node.corrupt(kinds[random.nextInt(kinds.length)], gang);
    }

    private Nat anyNat() {
        double drawn = random.nextDouble();
        Nat.Kind kind =
                drawn < 0.15
                        ? Nat.Kind.FULL_CONE
                        : drawn < 0.35
                                ? Nat.Kind.CONE
                                : drawn < 0.8 ? Nat.Kind.PORT_RESTRICTED : Nat.Kind.RANDOM;
        return new Nat(kind, new Random(random.nextLong()));
    }

    private NodeConfig adaptive() {
        return NodeConfig.of(bootstrap);
    }

    /** Most nodes that can be reached know that, or find out; some wait before they store. */
    private NodeConfig open() {
        double drawn = random.nextDouble();
        if (drawn < 0.1) {
            return adaptive();
        }
        return adaptive().withPersistence(Persistence.PERSISTENT).withFirewalled(drawn < 0.5);
    }
}

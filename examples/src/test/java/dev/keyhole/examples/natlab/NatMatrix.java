package dev.keyhole.examples.natlab;

import dev.keyhole.examples.natlab.NatLab.Kind;
import dev.keyhole.examples.natlab.NatLab.Who;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Has every kind of NAT meet every other, and prints what came of it as a table.
 *
 * <p>{@code NatMatrix PREFIX NETWORK SERVER CLIENT [SERVER-NAT/CLIENT-NAT...]}, where NETWORK,
 * SERVER and CLIENT are "keyhole" or "original".
 */
final class NatMatrix {

    static final List<Kind> KINDS = List.of(Kind.OPEN, Kind.FULLCONE, Kind.CONE, Kind.RANDOM);

    private NatMatrix() {}

    public static void main(String[] args) {
        List<Encounter> all = new ArrayList<>();
        try (NatLab lab = NatLab.up(args[0], who(args[1]))) {
            for (String pair : pairs(Arrays.asList(args).subList(4, args.length))) {
                String[] kinds = pair.split("/", 2);
                Encounter encounter =
                        Encounter.of(
                                lab, who(args[2]), kind(kinds[0]), who(args[3]), kind(kinds[1]));
                System.err.println(encounter);
                all.add(encounter);
            }
        }
        System.out.println(table(all));
        System.exit(0);
    }

    private static List<String> pairs(List<String> named) {
        if (!named.isEmpty()) {
            return named;
        }
        List<String> pairs = new ArrayList<>();
        for (Kind server : KINDS) {
            for (Kind client : KINDS) {
                pairs.add(server + "/" + client);
            }
        }
        return pairs;
    }

    private static Who who(String word) {
        return Who.valueOf(word.toUpperCase(Locale.ROOT));
    }

    private static Kind kind(String word) {
        return Kind.valueOf(word.toUpperCase(Locale.ROOT));
    }

    /** A row for each NAT of the server, a column for each of the client. */
    static String table(List<Encounter> encounters) {
        StringBuilder table = new StringBuilder("| server \\ client |");
        KINDS.forEach(kind -> table.append(" ").append(kind.word()).append(" |"));
        table.append("\n|---|").append("---|".repeat(KINDS.size())).append("\n");
        for (Kind server : KINDS) {
            table.append("| ").append(server.word()).append(" |");
            for (Kind client : KINDS) {
                String cell =
                        encounters.stream()
                                .filter(e -> e.serverNat() == server && e.clientNat() == client)
                                .map(Encounter::outcome)
                                .reduce((first, second) -> first + ", " + second)
                                .orElse("");
                table.append(" ").append(cell).append(" |");
            }
            table.append("\n");
        }
        return table.toString();
    }
}

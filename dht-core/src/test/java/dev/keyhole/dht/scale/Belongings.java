package dev.keyhole.dht.scale;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a node holds on to: how many objects of each class can be reached from it, and how much is in
 * each of its collections.
 *
 * <p>Follows the fields of our own classes, so that nothing has to be declared to be watched. The
 * world around the node is not part of it.
 */
final class Belongings {

    private static final String OURS = "dev.keyhole.";

    /** Remembers for ten minutes by design, has a bound, and forgets when it is next asked. */
    private static final String TEN_MINUTES = "ReplayMemory";

    private static final String AROUND = Belongings.class.getPackageName();

    private final Map<String, Integer> counts = new TreeMap<>();

    private Belongings() {}

    static Belongings of(Object owner) {
        Belongings belongings = new Belongings();
        belongings.collect(owner);
        return belongings;
    }

    /** What has become more than it was, by more than a tenth and some. */
    List<String> grownSince(Belongings before, int slack) {
        List<String> grown = new ArrayList<>();
        counts.forEach(
                (what, count) -> {
                    int then = before.counts.getOrDefault(what, 0);
                    if (count > then + then / 10 + slack) {
                        grown.add(what + " from " + then + " to " + count);
                    }
                });
        return grown;
    }

    /** How many kinds of things there are. */
    int kinds() {
        return counts.size();
    }

    @Override
    public String toString() {
        return counts.toString();
    }

    private void collect(Object owner) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Object> open = new ArrayDeque<>();
        visit(owner, seen, open);
        Object next;
        while ((next = open.poll()) != null) {
            if (next instanceof Collection<?> collection) {
                collection.forEach(element -> visit(element, seen, open));
            } else if (next instanceof Map<?, ?> map) {
                map.keySet().forEach(key -> visit(key, seen, open));
                map.values().forEach(value -> visit(value, seen, open));
            } else if (next.getClass().isArray()) {
                for (int i = 0; i < Array.getLength(next); i++) {
                    visit(Array.get(next, i), seen, open);
                }
            } else {
                counts.merge(nameOf(next.getClass()), 1, Integer::sum);
                for (Class<?> type = next.getClass(); type != null; type = type.getSuperclass()) {
                    if (type.getName().startsWith(OURS)) {
                        fieldsOf(next, type, seen, open);
                    }
                }
            }
        }
    }

    private void fieldsOf(Object object, Class<?> type, Set<Object> seen, Deque<Object> open) {
        for (Field field : type.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) || field.getType().isPrimitive()) {
                continue;
            }
            Object value = valueOf(object, field);
            int size =
                    value instanceof Collection<?> collection
                            ? collection.size()
                            : value instanceof Map<?, ?> map ? map.size() : 0;
            if (size > 0) {
                counts.merge(nameOf(type) + "." + field.getName(), size, Integer::sum);
            }
            visit(value, seen, open);
        }
    }

    private static @Nullable Object valueOf(Object object, Field field) {
        try {
            field.setAccessible(true);
            return field.get(object);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("cannot look into " + field, e);
        }
    }

    private static void visit(@Nullable Object value, Set<Object> seen, Deque<Object> open) {
        if (value != null && isPart(value.getClass()) && seen.add(value)) {
            open.add(value);
        }
    }

    private static boolean isPart(Class<?> type) {
        if (type.isArray()) {
            return !type.getComponentType().isPrimitive();
        }
        boolean ours = type.getName().startsWith(OURS) && !type.getName().startsWith(AROUND);
        return !type.isEnum()
                && !type.getSimpleName().equals(TEN_MINUTES)
                && (ours
                        || Collection.class.isAssignableFrom(type)
                        || Map.class.isAssignableFrom(type));
    }

    /** Lambdas get new names in every run, but not their makers. */
    private static String nameOf(Class<?> type) {
        String name = type.getName();
        int lambda = name.indexOf("$$Lambda");
        String own = lambda < 0 ? name : name.substring(0, lambda) + " lambda";
        return own.substring(own.lastIndexOf('.') + 1);
    }
}

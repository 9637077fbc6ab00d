package dev.keyhole.model;

import java.util.Arrays;

/** A text as a vector. */
public final class Embedding {

    private final float[] values;

    private Embedding(float[] values) {
        this.values = values;
    }

    public static Embedding of(float... values) {
        return new Embedding(values.clone());
    }

    public int size() {
        return values.length;
    }

    public float at(int index) {
        return values[index];
    }

    public float[] toArray() {
        return values.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Embedding embedding && Arrays.equals(values, embedding.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "Embedding[" + values.length + " values]";
    }
}

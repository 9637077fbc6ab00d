package dev.keyhole.transport.crypto;

import java.util.Arrays;

/** Care for arrays that hold secrets. */
public final class Secrets {

    private Secrets() {}

    /** Overwrites arrays whose secrets have served their purpose. */
    public static void wipe(byte[]... arrays) {
        for (byte[] array : arrays) {
            Arrays.fill(array, (byte) 0);
        }
    }
}

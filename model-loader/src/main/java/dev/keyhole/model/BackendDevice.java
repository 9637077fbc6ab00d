package dev.keyhole.model;

import java.util.Optional;

/** What kind of processor ran the model. */
public enum BackendDevice {
    CPU("cpu"),
    GPU("gpu");

    private final String wireName;

    BackendDevice(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    public static Optional<BackendDevice> ofWireName(String name) {
        for (BackendDevice device : values()) {
            if (device.wireName.equals(name)) {
                return Optional.of(device);
            }
        }
        return Optional.empty();
    }
}

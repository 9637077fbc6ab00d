package dev.keyhole.model.message;

/** Where the time of one request went, in milliseconds. */
public record ProfilingAnswer(
        String id, double parseMillis, double validationMillis, double handlerMillis) {}

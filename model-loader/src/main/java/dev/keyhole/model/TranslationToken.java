package dev.keyhole.model;

/** The next piece of a translation. */
public record TranslationToken(String text) {}

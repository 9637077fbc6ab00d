package dev.keyhole.model.message;

/** A request as it came: what is asked, and the envelope around it. */
public record ReceivedRequest(Request request, ProfilingRequest profiling) {}

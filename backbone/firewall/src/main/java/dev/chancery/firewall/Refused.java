package dev.chancery.firewall;

/** A URL that is not looked at further. */
public record Refused(Reason reason) implements ParsedUrl {}

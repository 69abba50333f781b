package dev.chancery.firewall;

/** What reading a URL gives. */
public sealed interface ParsedUrl permits Target, Refused {}

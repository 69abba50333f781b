package dev.chancery.cli.client;

import com.google.protobuf.Message;

/**
 * What a method answered.
 *
 * @param position what a later read sends as {@code Chancery-Position} to see this; empty where nothing was written
 */
public record Reply(Message message, String position) {}

package dev.chancery.feature;

import java.nio.file.Path;

/**
 * Where the one-time owner claim is put.
 *
 * @param used run once the claim was used
 */
public record OwnerClaimFile(Path path, Runnable used) {}

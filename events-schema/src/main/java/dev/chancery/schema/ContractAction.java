package dev.chancery.schema;

/**
 * What a feature records without a call of any method.
 *
 * @param name {@code <feature>.<words>}
 * @param feature that records it
 * @param bySystem whether the installation does it by itself; otherwise whoever uses a standard endpoint or the forward proxy does
 * @param what its record says, in one line
 */
public record ContractAction(String name, String feature, boolean bySystem, String what) {}

package dev.chancery.schema;

import com.google.protobuf.Descriptors.FileDescriptor;

/**
 * A file of the contract that a feature brings in its own module, found by {@code ServiceLoader}. The product's own files are imported by
 * {@code contract.proto}.
 */
public interface ContractPart {
    /** One file that imports only files of the contract. */
    FileDescriptor file();
}

/**
 * Where every call enters: the contract over gRPC.
 */
@NullMarked
package dev.chancery.boundary.grpc;

import org.jspecify.annotations.NullMarked;

/**
 * A real PostgreSQL and a real Kafka for one machine, each on a directory that outlives them: for the quick start and the tests.
 * Both are durable (what PostgreSQL acknowledged survives the machine; what Kafka acknowledged survives its process, see
 * {@link dev.chancery.embedded.EmbeddedKafka}), both listen on the loopback only, and both start again on what a
 * {@code kill -9} left behind. They are not for a network and have no replica. Without {@link dev.chancery.embedded.ServerTls} there is no TLS, and Kafka asks nobody for a password.
 */
@NullMarked
package dev.chancery.embedded;

import org.jspecify.annotations.NullMarked;

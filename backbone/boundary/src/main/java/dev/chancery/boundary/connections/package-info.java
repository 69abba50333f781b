/**
 * Connections, before a request has come whole: how many there are, which one goes when there are too many, and how long one may
 * keep silent or leave its answers unread. What comes after that is admission's.
 *
 * <p><b>Promises:</b> sockets of strangers leave descriptors for Kafka and PostgreSQL; a newcomer always gets in, at the cost of the connection
 * that has gone longest without an answer; what is written and not read is bounded, on each connection and on all together.
 *
 * <p><b>Does not promise:</b> fairness between addresses: behind a proxy all have the same one.
 */
@NullMarked
package dev.chancery.boundary.connections;

import org.jspecify.annotations.NullMarked;

/**
 * What tests stand on: one real PostgreSQL and one real Kafka a JVM, started when first asked for, on a fresh directory that is
 * deleted at exit; in them, databases and topics of their own. Tests of one JVM may run at the same time. It does not reset
 * anything: who asks again gets something new.
 */
@NullMarked
package dev.chancery.testkit;

import org.jspecify.annotations.NullMarked;

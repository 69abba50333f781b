/**
 * The one place that makes Kafka's clients and topics: connection settings, TLS among them, reach every client, and no client loses
 * records by a setting that somebody forgot.
 */
@NullMarked
package dev.chancery.kafka;

import org.jspecify.annotations.NullMarked;

/**
 * What an operator sets, read before Quarkus starts: {@link dev.chancery.app.configuration.ChanceryConfig} is the one list of settings, from
 * which docs/reference/configuration.md is generated. From it come PostgreSQL's and Kafka's access, with secrets out of files, and {@link
 * dev.chancery.app.configuration.QuarkusSettings}, what Quarkus is told.
 */
@NullMarked
package dev.chancery.app.configuration;

import org.jspecify.annotations.NullMarked;

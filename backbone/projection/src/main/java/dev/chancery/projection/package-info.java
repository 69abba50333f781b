/**
 * The consumer loop of everything that is derived from the log. A {@link dev.chancery.projection.Projection} gets each tenant's
 * records once each and in order, and its tables and its position change in one transaction.
 *
 * <p>Promises: exactly last + 1 is applied, whatever order or number Kafka delivers; everything else is dropped, and what follows a
 * gap is asked for again; a fork or an unreadable record stops its tenant and no other. Does not judge signatures (the auditor does),
 * holds no keys, and never starts a stopped tenant again by itself.
 */
@NullMarked
package dev.chancery.projection;

import org.jspecify.annotations.NullMarked;

/**
 * The contract: every method, event and field of Chancery, what is declared about each, and the exact bytes that logs adopt.
 *
 * <p>Promises: a contract that loads is complete and consistent (see {@link dev.chancery.schema.InvalidContract}); {@link
 * dev.chancery.schema.FieldRules} checks messages in time linear in their size and never repeats a value it refuses. It does not
 * authenticate, authorise or decide, and says nothing about rules that need more than the message itself.
 */
@NullMarked
package dev.chancery.schema;

import org.jspecify.annotations.NullMarked;

/**
 * The way to PostgreSQL: one bounded pool for each database role, the tenant set for each transaction, migrations as the
 * owner. Row-level security does the rest: a connection that has set no tenant sees no tenant's rows.
 */
@NullMarked
package dev.chancery.database;

import org.jspecify.annotations.NullMarked;

package dev.chancery.retention;

import dev.chancery.projection.TenantTransaction;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A hold as the projection lists it. Times are Unix times in microseconds. Read in a {@link TenantTransaction}. */
@Entity
@Immutable
@Table(schema = "retention", name = "hold")
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class HoldRow extends PanacheEntityBase {
    @Id
    @Column(name = "hold")
    public UUID id;

    public UUID subject;
    public String matter;
    public Integer[] classes;
    public UUID setter;

    @Column(name = "set_micros")
    public long setMicros;

    @Column(name = "review_micros")
    public long reviewMicros;

    /** Null: it holds. */
    @Column(name = "cleared_micros")
    public @Nullable Long clearedMicros;

    public @Nullable UUID clearer;

    /** Of the record that set it. */
    public long position;
}

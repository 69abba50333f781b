package dev.chancery.retention;

import dev.chancery.projection.TenantTransaction;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** How far the erasure of a subject's class is. Times are Unix times in microseconds; null: not so. Read in a {@link TenantTransaction}. */
@Entity
@Immutable
@Table(schema = "retention", name = "erasure")
@IdClass(ErasureRow.Key.class)
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class ErasureRow extends PanacheEntityBase {
    public record Key(UUID subject, int retention) {}

    @Id
    public UUID subject;

    @Id
    @Column(name = "class")
    public int retention;

    public int state;

    /** Null: an administrator's or a schedule's. */
    public @Nullable UUID request;

    public int ground;
    public UUID[] holds;

    @Column(name = "decided_micros")
    public @Nullable Long decidedMicros;

    @Column(name = "destroyed_micros")
    public @Nullable Long destroyedMicros;

    @Column(name = "horizon_micros")
    public @Nullable Long horizonMicros;

    @Column(name = "completed_micros")
    public @Nullable Long completedMicros;

    /** Of the record that withheld or decided it. */
    public long position;
}

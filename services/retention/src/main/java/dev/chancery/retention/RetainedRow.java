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

/** A class of a subject that was deactivated and is kept still. Read in a {@link TenantTransaction}. */
@Entity
@Immutable
@Table(schema = "retention", name = "retained")
@IdClass(RetainedRow.Key.class)
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class RetainedRow extends PanacheEntityBase {
    public record Key(UUID subject, int retention) {}

    @Id
    public UUID subject;

    @Id
    @Column(name = "class")
    public int retention;

    /** When the subject was deactivated, Unix time in microseconds: since then its period runs. */
    @Column(name = "began_micros")
    public long beganMicros;

    /** A hold covers it. */
    public boolean held;
}

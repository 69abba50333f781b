package dev.chancery.retention;

import dev.chancery.projection.TenantTransaction;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;

/** A retention schedule that was set, of personal values. Read in a {@link TenantTransaction}. */
@Entity
@Immutable
@Table(schema = "retention", name = "schedule")
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class ScheduleRow extends PanacheEntityBase {
    @Id
    @Column(name = "class")
    public int retention;

    public String period;
    public UUID setter;

    /** Unix time in microseconds. */
    @Column(name = "set_micros")
    public long setMicros;

    /** Of the record that set it. */
    public long position;
}

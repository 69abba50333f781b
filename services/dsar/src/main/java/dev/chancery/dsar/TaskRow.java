package dev.chancery.dsar;

import dev.chancery.projection.TenantTransaction;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;

/** What a system was asked, as the projection lists it. Read in a {@link TenantTransaction}. */
@Entity(name = "TaskRow")
@Immutable
@Table(schema = "dsar", name = "task")
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class TaskRow extends PanacheEntityBase {
    @Id
    @Column(name = "task")
    public UUID id;

    public UUID request;
    public String holder;
    public int action;
    public int result;
    public int attempts;
    public String code;

    @Column(name = "next_micros")
    public long nextMicros;

    public long position;
    public int ordinal;
}

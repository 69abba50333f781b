package dev.chancery.dsar;

import dev.chancery.projection.TenantTransaction;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A request as the projection lists it. Times are Unix times in microseconds. Read in a {@link TenantTransaction}. */
@Entity(name = "RequestRow")
@Immutable
@Table(schema = "dsar", name = "request")
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class RequestRow extends PanacheEntityBase {
    @Id
    @Column(name = "request")
    public UUID id;

    public UUID subject;
    public int kind;
    public String regime;
    public int state;

    @Column(name = "received_micros")
    public long receivedMicros;

    @Column(name = "due_micros")
    public long dueMicros;

    /** Null: none is asked for. */
    @Column(name = "acknowledge_micros")
    public @Nullable Long acknowledgeMicros;

    public boolean acknowledged;
    public boolean extended;

    /** Null: it is open. */
    @Column(name = "ended_micros")
    public @Nullable Long endedMicros;

    @Column(name = "hold_ids")
    public UUID[] holdIds;

    @Column(name = "received_position")
    public long receivedPosition;
}

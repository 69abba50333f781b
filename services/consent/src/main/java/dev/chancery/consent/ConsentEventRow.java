package dev.chancery.consent;

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

/** What happened to a consent, and what it was then. Times are Unix times in microseconds. Read in a {@link TenantTransaction}. */
@Entity
@Immutable
@Table(schema = "consent", name = "event")
@IdClass(ConsentEventRow.Key.class)
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class ConsentEventRow extends PanacheEntityBase {
    public record Key(UUID consent, long position) {}

    @Id
    public UUID consent;

    @Id
    public long position;

    public int type;

    @Column(name = "at_micros")
    public long atMicros;

    public UUID actor;

    @Column(name = "legal_basis")
    public int legalBasis;

    @Column(name = "purpose_version")
    public int purposeVersion;

    @Column(name = "notice_version")
    public int noticeVersion;

    @Column(name = "until_micros")
    public @Nullable Long untilMicros;
}

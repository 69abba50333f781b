package dev.chancery.consent;

import dev.chancery.projection.TenantTransaction;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import org.hibernate.annotations.Immutable;

/** A version of what subjects are told of a purpose. Read in a {@link TenantTransaction}. */
@Entity
@Immutable
@Table(schema = "consent", name = "notice")
@IdClass(NoticeRow.Key.class)
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class NoticeRow extends PanacheEntityBase {
    public record Key(String purpose, int version) {}

    @Id
    public String purpose;

    @Id
    public int version;

    public String uri;
    public String language;

    @Column(name = "text_sha256")
    public byte[] textSha256;

    public String[] recipients;

    @Column(name = "data_categories")
    public String[] dataCategories;
}

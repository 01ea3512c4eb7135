-- Deleting a provider erases what is sealed of it (src/store/providers.rs). Earlier releases left it: of those that they
-- have deleted it is erased here. An empty secret is one that was erased.

update credentials
set secret_sealed = '', updated_at = now()
where secret_sealed <> '' and provider_id in (select id from providers where deleted_at is not null);

update providers
set proxy_sealed = null, proxy_masked = null
where deleted_at is not null and (proxy_sealed is not null or proxy_masked is not null);

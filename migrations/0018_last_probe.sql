-- The latest test or probe of a provider is found without reading the calls in between.
create index calls_probes on calls (provider_id, id desc) where kind = 'probe';

-- Tests and probes have no user: few rows among the sums, counted by provider.
create index usage_15m_probes on usage_15m (at) where user_id = 0;

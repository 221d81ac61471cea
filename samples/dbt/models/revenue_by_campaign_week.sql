-- A week begins on its Monday, in UTC. Every model adds up to the same: choose one of them, never add up several.
select
  a.model,
  date_trunc('week', a.ordered_at)::date as week,
  a.campaign_id,
  n.campaign_name,
  a.currency,
  sum(a.orders) as orders,
  sum(a.revenue) as revenue
from {{ source('marts', 'attribution') }} as a
left join {{ source('marts', 'campaign_names') }} as n using (campaign_id)
group by all

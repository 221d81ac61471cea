-- A row for each contact and currency: what it has bought, and how long ago its last order was when the newest order was made.
select
  r.contact_id,
  r.currency,
  r.orders,
  r.revenue,
  r.revenue / r.orders as mean_order_value,
  r.first_order_at,
  r.last_order_at,
  date_diff('day', r.last_order_at, max(r.last_order_at) over ()) as days_since_order,
  c.consent_email = 'OPT_IN' as takes_email
from {{ source('marts', 'contact_revenue') }} as r
left join {{ source('marts', 'contacts') }} as c using (contact_id)

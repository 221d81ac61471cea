-- The revenue of each attribution model and currency is that of all orders, to the last digit. Rows that this gives are faults.
with models as (select model, currency, sum(revenue) as revenue from {{ ref('revenue_by_campaign_week') }} group by all),
orders as (select currency, sum(order_value) as revenue from {{ source('marts', 'orders_once') }} where order_value is not null group by all)
select m.model, o.currency, m.revenue as of_model, o.revenue as of_orders
from orders as o
cross join (select distinct model from models) as every
left join models as m on m.model = every.model and m.currency is not distinct from o.currency
where m.revenue is distinct from o.revenue

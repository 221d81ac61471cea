-- Each attribution model shares every order once. Rows that this gives are faults.
select model, sum(orders) as of_model, (select count(*) from {{ source('marts', 'orders_once') }}) as of_orders
from {{ ref('revenue_by_campaign_week') }}
group by model
having sum(orders) <> (select count(*) from {{ source('marts', 'orders_once') }})

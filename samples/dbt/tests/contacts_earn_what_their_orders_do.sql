-- What contacts have bought is what their orders come to. Rows that this gives are faults.
with contacts as (select currency, sum(revenue) as revenue from {{ ref('contact_value') }} group by all),
orders as (select currency, sum(order_value) as revenue from {{ source('marts', 'orders_once') }} where contact_id is not null group by all)
select * from orders as o full join contacts as c on c.currency is not distinct from o.currency
where c.revenue is distinct from o.revenue

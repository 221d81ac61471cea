/** The example of the vendor's page "Create a reference set": an order history, as a file and as the variable of `createImportJob`. */

/** The order history of the vendor's page "Create a reference set". */
export const ORDERS = `Order ID,Client ID,Amount,Date,First-time purchase,Discount coupon
8783845,HX-18900123,623.70,2024-11-01T16:04:38Z,TRUE,FALL2024
8758175,HD-92590022,104.90,2024-11-01T16:04:38Z,TRUE,N/A
8130627,HO-52900998,930.67,2024-11-01T16:04:38Z,FALSE,N/A
8864985,HX-25900860,811.10,2024-10-31T21:15:38Z,TRUE,BLACKFRIDAY
8648971,HM-22800560,424.00,2024-10-31T20:36:55Z,FALSE,SAVE30
8794467,HA-22100109,1015.15,2024-10-31T20:02:17Z,FALSE,N/A
8794438,HH-87500445,1013.80,2024-10-31T19:17:56Z,FALSE,N/A
8791438,HM-22800560,485.25,2024-10-31T16:40:05Z,TRUE,BLACKFRIDAY
`;

/** Its variables, with the date format that the file has: the page's own declares DD/MM/YYYY. */
export const ORDERS_IMPORT = {
  dataSetName: "Orders",
  dataSetType: "REFERENCE_SET",
  attributes: {
    create: [
      { name: "Order ID", type: "TEXT", identifyAs: { key: true } },
      { name: "Client ID", type: "TEXT" },
      { name: "Amount", type: "NUMBER" },
      { name: "Date", type: "DATE" },
      { name: "First-time purchase", type: "BOOLEAN" },
      { name: "Discount coupon", type: "TEXT" },
    ],
  },
  jobName: "Add orders",
  importType: "CREATE",
  fileFormat: "DELIMITED",
  delimiter: ",",
  dateFormat: "YEAR_MONTH_DAY_DASH_SEPARATED_WITH_TIME",
  fileLocation: { type: "SFTP", filename: "orders.csv", folder: "RS/Orders" },
  skipFirstRow: true,
  mappings: ["Order ID", "Client ID", "Amount", "Date", "First-time purchase", "Discount coupon"].map((attributeName, index) => ({
    columnIndex: index + 1,
    attributeName,
  })),
};
